// wants: ok; args ["a b", "", "-x", "ü*", "--", "$HOME"]; stdout is "6\n[a b]\n[]\n[-x]\n[ü*]\n[--]\n[$HOME]\n"
#include <iostream>

int main(int argc, char **argv)
{
    std::cout << argc - 1 << "\n";
    for (int i = 1; i < argc; i++) std::cout << "[" << argv[i] << "]\n";
}
