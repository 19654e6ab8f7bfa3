// wants: ok; stdout is "Hello, world!\n"
fn main() {
    println!("Hello, world!");
}
