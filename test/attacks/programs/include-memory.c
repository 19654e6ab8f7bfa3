// wants: compile_error|compile_timeout; compileTimeoutMs=3000; stderr lacks "coderunner"
// The memory of the supervisor and of the launcher.
#include "/proc/1/mem"
#include "/proc/1/maps"
#include "/proc/self/mem"
int main(void) { return 0; }
