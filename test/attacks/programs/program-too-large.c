// wants: compile_error|compile_file_limit|compile_timeout; compileTimeoutMs=10000
// A built program of more than the largest file that a compiler may write.
char all[80 << 20] = {1};
int main(void) { return all[1]; }
