# Lambda's file system is read-only: what is not compiled here is compiled again on every cold start,
# which doubles the time that imports take. Bytecode fits one Python version only, so this needs a
# CPython 3.13: $PYTHON313, or one on the PATH, or one of pyenv's. Without it the sources go alone.
CPYTHON313 := $(shell for python in "$(PYTHON313)" python3.13 python3 "$$(pyenv prefix 3.13 2>/dev/null)/bin/python"; do \
	"$$python" -c 'import sys; sys.exit((sys.implementation.name, *sys.version_info[:2]) != ("cpython", 3, 13))' 2>/dev/null \
	&& echo "$$python" && break; done)

# $(call compile,folder,where it will be in Lambda): the hashes are left unchecked, as nothing changes there.
compile = @$(if $(CPYTHON313),"$(CPYTHON313)" -m compileall -q $(3) --invalidation-mode unchecked-hash -s "$(1)" -p "$(2)" "$(1)",\
	echo 'No CPython 3.13 here: shipped without bytecode, so cold starts take longer. See layers/compile.mk.')

# Likewise, and the sources go: nothing reads them any more, and tracebacks still tell files and lines.
compile-away = $(call compile,$(1),$(2),-b)$(if $(CPYTHON313), && find "$(1)" -name '*.py' -delete)
