// wants: compile_error; compileTimeoutMs=5000; stderr lacks "$HOST_NAME"; stderr lacks ":/home/"
// Compilers quote what they do not understand: here the image's own list of users, which has none.
#include "/etc/passwd"
int main(void) { return 0; }
