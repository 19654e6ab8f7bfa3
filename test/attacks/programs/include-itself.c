// wants: compile_error; compileTimeoutMs=3000; stderr has "nested"
// Includes itself without end; the compiler knows that one.
#include "main.c"
int main(void) { return 0; }
