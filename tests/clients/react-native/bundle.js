/** Bundle an app in this folder, as React Native's command line does: `node bundle.js OUT APP exports|main minified|whole`. */
const { getDefaultConfig } = require("@react-native/metro-config");
const Metro = require("metro");

const [out, app, entry, size] = process.argv.slice(2);

async function bundle() {
  const config = await getDefaultConfig(__dirname);
  config.resolver.unstable_enablePackageExports = entry !== "main"; // as Metro did by default until 0.81
  config.cacheStores = [];
  config.reporter = { update() {} };
  await Metro.runBuild(config, { entry: app, out, platform: "android", dev: false, minify: size === "minified" });
}

bundle().catch((error) => {
  console.error(error.message);
  process.exitCode = 1;
});
