// wants: compile_error; stdout is ""; stderr has "main"
fn main() {
    let word: &str = 5;
    println!("never {word}");
}
