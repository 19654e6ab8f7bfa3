// wants: ok|compile_error; compileTimeoutMs=5000; named "-o"; stderr lacks "missing filename"
// Called -o: as an option it would have the compiler write over whatever word comes next.
int main(void) { return 0; }
