// wants: signal; signal SIGABRT; stdout is "before\n"; stderr has "something broke"
#include <iostream>
#include <stdexcept>

int main()
{
    std::cout << "before" << std::endl;
    throw std::runtime_error("something broke");
}
