// wants: ok; stdout is "1 2 3 5 8 9\na=3 b=2 c=1\n3.1416\n2026/11/22\n48656c6c6f\n"
#include <algorithm>
#include <cmath>
#include <iomanip>
#include <iostream>
#include <map>
#include <memory>
#include <numeric>
#include <optional>
#include <regex>
#include <set>
#include <sstream>
#include <stdexcept>
#include <string>
#include <tuple>
#include <unordered_map>
#include <utility>
#include <variant>
#include <vector>

static void check(bool holds)
{
    if (!holds) throw std::logic_error("the library is not what it was");
}

int main()
{
    std::vector<int> numbers{5, 3, 9, 1, 8, 2};
    std::sort(numbers.begin(), numbers.end());
    const char *separator = "";
    for (int number : numbers) std::cout << std::exchange(separator, " ") << number;
    std::cout << "\n";

    std::map<char, int> counts;
    for (char letter : std::string("abacab")) counts[letter]++;
    separator = "";
    for (auto [letter, count] : counts) std::cout << std::exchange(separator, " ") << letter << "=" << count;
    std::cout << "\n" << std::fixed << std::setprecision(4) << std::acos(-1.0) << "\n";
    std::cout << std::regex_replace(std::string("2026-11-22"), std::regex("-"), "/") << "\n";
    for (unsigned char byte : std::string("Hello")) std::cout << std::hex << static_cast<int>(byte);
    std::cout << "\n";

    check(std::accumulate(numbers.begin(), numbers.end(), 0) == 28);
    check(std::set<int>{1, 2, 2}.size() == 2);
    check(std::unordered_map<std::string, int>{{"a", 1}}.at("a") == 1);
    check(std::optional<int>(3).value_or(4) == 3);
    check(std::get<int>(std::variant<int, std::string>(5)) == 5);
    check(std::get<1>(std::make_tuple(1, "two")) == std::string("two"));
    auto shared = std::make_shared<int>(7);
    check(std::weak_ptr<int>(shared).lock() == shared);
    std::istringstream words("one two");
    std::string word;
    words >> word >> word;
    check(word == "two" && std::stoi("ff", nullptr, 16) == 255);
    try {
        numbers.at(100);
        check(false);
    } catch (const std::out_of_range &) {
    }
}
