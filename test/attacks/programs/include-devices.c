// wants: compile_timeout|compile_memory|compile_error; compileTimeoutMs=3000
// A header that never ends.
#include "/dev/zero"
int main(void) { return 0; }
