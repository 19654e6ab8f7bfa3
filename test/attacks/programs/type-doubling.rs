// wants: compile_timeout|compile_memory|compile_error|compile_signal; compileTimeoutMs=3000
// A function that needs itself for a larger type, without end.
#![recursion_limit = "1000000"]
fn grow<T: Clone>(depth: u64, value: T) -> u64 {
    if depth == 0 { 0 } else { grow(depth - 1, (value.clone(), value)) }
}
fn main() {
    println!("{}", grow(std::env::args().count() as u64, 1u8));
}
