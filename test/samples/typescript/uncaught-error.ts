// wants: error; stdout is "before\n"; stderr has "something broke"
interface Broken {
  why: string;
}

const broken: Broken = { why: "something broke" };
console.log("before");
throw new Error(broken.why);
