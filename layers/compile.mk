# Compiles modules to bytecode, because Lambda's file system is read-only: a module without bytecode would be compiled again
# on every cold start, which doubles the time that imports take. Bytecode fits one Python version only, so this needs a
# CPython 3.13: $PYTHON313, or one on the PATH, or one of pyenv's. Without one, only the sources are shipped.
CPYTHON313 := $(shell for python in "$(PYTHON313)" python3.13 python3 "$$(pyenv prefix 3.13 2>/dev/null)/bin/python"; do \
	"$$python" -c 'import sys; sys.exit((sys.implementation.name, *sys.version_info[:2]) != ("cpython", 3, 13))' 2>/dev/null \
	&& echo "$$python" && break; done)

# $(call compile,FOLDER,WHERE IT IS IN LAMBDA). unchecked-hash: Python does not look whether the source is newer, since no file
# changes in Lambda.
compile = @$(if $(CPYTHON313),"$(CPYTHON313)" -m compileall -q $(3) --invalidation-mode unchecked-hash -s "$(1)" -p "$(2)" "$(1)",\
	echo 'No CPython 3.13 here: shipped without bytecode, so cold starts take longer. See layers/compile.mk.')

# The same, and deletes the sources, which nothing reads any more. Tracebacks still name files and lines.
compile-away = $(call compile,$(1),$(2),-b)$(if $(CPYTHON313), && find "$(1)" -name '*.py' -delete)
