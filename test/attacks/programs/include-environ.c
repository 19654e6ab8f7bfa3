// wants: compile_error; compileTimeoutMs=5000; stderr lacks "PATH="; stderr lacks "HOSTNAME"
// The environment of the supervisor, which is not for the user a compiler runs as.
#include "/proc/1/environ"
int main(void) { return 0; }
