/* wants: ok|compile_error; compileTimeoutMs=5000; named "script"; stderr lacks "PATH="; stdout is "" */
/* A name that says nothing is for the linker, which takes it for a script of its own. */
OUTPUT(/workspace/main.c)
SEARCH_DIR(/proc/1)
INPUT(/proc/1/environ /opt/coderunner/supervisor -lenviron)
