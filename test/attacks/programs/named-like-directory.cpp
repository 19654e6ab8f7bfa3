// wants: ok; compileTimeoutMs=20000; named "-I/a/$(id)/`x` y.cpp"; stdout is "a file\n"
// A name with everything in it that a shell would take for something.
#include <cstdio>
int main()
{
    std::puts("a file");
}
