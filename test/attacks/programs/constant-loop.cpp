// wants: compile_error|compile_timeout|compile_memory; compileTimeoutMs=3000
// A constant that is computed by a loop without end.
constexpr int spin(int n)
{
    while (n >= 0) n = (n + 1) % 1000;
    return n;
}
template <int n> constexpr int all() { return all<n - 1>() + spin(n); }
template <> constexpr int all<0>() { return 0; }
constexpr int answer = all<800>();
int main() { return answer; }
