// wants: compile_timeout; compileTimeoutMs=3000
// A constant that is computed by a loop without end, with the compiler's own doubts turned off.
#![allow(long_running_const_eval)]
const ANSWER: u64 = {
    let mut n = 0u64;
    loop {
        n = n.wrapping_mul(3).wrapping_add(1);
        if n == 2 && n == 3 {
            break n;
        }
    }
};
fn main() {
    println!("{ANSWER}");
}
