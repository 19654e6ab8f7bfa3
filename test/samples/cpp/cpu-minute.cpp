// wants: timeout; timeoutMs=1500; stdout is "started\n"
#include <chrono>
#include <iostream>

int main()
{
    auto end = std::chrono::steady_clock::now() + std::chrono::seconds(60);
    volatile unsigned long count = 0;
    std::cout << "started" << std::endl;
    while (std::chrono::steady_clock::now() < end) count = count + 1;
    std::cout << "never\n";
}
