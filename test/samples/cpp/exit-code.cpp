// wants: error; exit 7; stdout is "before\n"; stderr is ""
#include <cstdlib>
#include <iostream>

int main()
{
    std::cout << "before" << std::endl;
    std::exit(7);
}
