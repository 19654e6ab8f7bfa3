// wants: compile_error; compileTimeoutMs=5000; named "script"
// A name that says nothing is for the linker, which would take it for a script of its own.
INPUT(/etc/passwd)
OUTPUT(/workspace/other)
