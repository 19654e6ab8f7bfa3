// wants: ok; stdout is "Hello, Ada!\nHello, Grace!\n"
#include "greet.hpp"
#include <fstream>
#include <iostream>

int main()
{
    std::ifstream names("data/names.txt");
    for (std::string name; std::getline(names, name);) std::cout << greet(name) << "\n";
}
