// wants: error; stdout is "before\n"; stderr has "something broke"
fn main() {
    println!("before");
    panic!("something broke");
}
