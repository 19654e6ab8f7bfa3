// wants: compile_timeout|compile_memory|compile_error; compileTimeoutMs=3000
// Every type needs two others of the next depth, all of them different: 2^100 in all.
template <int depth, unsigned long long path> struct Node {
    static constexpr int value = Node<depth - 1, path * 2>::value + Node<depth - 1, path * 2 + 1>::value;
};
template <unsigned long long path> struct Node<0, path> {
    static constexpr int value = 1;
};
int main() { return Node<60, 1>::value; }
