// wants: error; stdout is "before\n"; stderr has "something broke"
console.log("before");
throw new Error("something broke");
