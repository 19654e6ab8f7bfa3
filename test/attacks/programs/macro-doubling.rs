// wants: compile_timeout|compile_memory|compile_error; compileTimeoutMs=3000
// A macro that is itself twice, to a depth the program allows itself.
#![recursion_limit = "100000"]
macro_rules! twice {
    ($($rest:tt)*) => { twice!($($rest)* $($rest)* +) };
}
fn main() {
    twice!(+ + + +);
}
