// wants: ok; stdout is "Hello, Ada!\nHello, Grace!\n"
mod greet;

fn main() {
    let names = std::fs::read_to_string("data/names.txt").unwrap();
    for name in names.lines() {
        println!("{}", greet::greet(name));
    }
}
