// wants: compile_error; stdout is ""; stderr has "main"
#include <iostream>

int main()
{
    std::cout << "never" << std::endll;
}
