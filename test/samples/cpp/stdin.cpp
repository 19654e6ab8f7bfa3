// wants: ok; stdin "one\n\ttwo  \n\nthree\n"; stdout is "one\n\ttwo  \n\nthree\n"
#include <iostream>

int main()
{
    std::cout << std::cin.rdbuf();
}
