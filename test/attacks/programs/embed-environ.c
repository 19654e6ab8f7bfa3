// wants: compile_error; compileTimeoutMs=5000; stderr lacks "RUNNER"; stderr lacks "SECRET"; stderr lacks "$HOST_NAME"
// The same with what newer compilers have for it.
static const unsigned char stolen[] = {
#embed "/proc/1/environ"
};
int main(void) { return stolen[0]; }
