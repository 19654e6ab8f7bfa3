// wants: ok; stdout is "5000050000\n"
#include <iostream>
#include <numeric>
#include <thread>
#include <vector>

int main()
{
    std::vector<long> totals(4);
    std::vector<std::thread> threads;
    for (long slot = 0; slot < 4; slot++) {
        threads.emplace_back([&totals, slot] {
            for (long n = slot * 25000 + 1; n <= (slot + 1) * 25000; n++) totals[slot] += n;
        });
    }
    for (auto &thread : threads) thread.join();
    std::cout << std::accumulate(totals.begin(), totals.end(), 0L) << "\n";
}
