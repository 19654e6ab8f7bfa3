// wants: ok|compile_error; compileTimeoutMs=5000; stderr lacks "RUNNER"; stderr lacks "SECRET"; stderr lacks "$HOST_NAME"
// The environment of the supervisor, which a compiler would quote if it did not understand it.
#include "/proc/1/environ"
int main(void) { return 0; }
