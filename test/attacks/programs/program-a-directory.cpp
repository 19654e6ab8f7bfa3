// wants: ok; compileTimeoutMs=20000; times=2; stdout is "mine\n"
// Leaves a directory that is not empty where the next program is to be put.
#include <cstdio>
#include <filesystem>
#include <fstream>
int main()
{
    std::puts("mine");
    std::filesystem::remove("/workspace/.program");
    std::filesystem::create_directories("/workspace/.program/a/b");
    std::ofstream("/workspace/.program/a/file") << "x";
    std::filesystem::permissions("/workspace/.program/a", std::filesystem::perms::none);
}
