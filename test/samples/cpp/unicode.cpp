// wants: ok; stdin "žluťoučký kůň 🐎\n"; stdout is "Grüße, 世界 🌍\nžluťoučký kůň 🐎\n15\n"
#include <algorithm>
#include <iostream>
#include <string>

int main()
{
    std::cout << "Grüße, 世界 🌍\n";
    std::string line;
    std::getline(std::cin, line);
    auto starts = [](unsigned char byte) { return (byte & 0xc0) != 0x80; };
    std::cout << line << "\n" << std::count_if(line.begin(), line.end(), starts) << "\n";
}
