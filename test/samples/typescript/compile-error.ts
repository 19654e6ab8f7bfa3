// wants: error; exit 1; stdout is ""; stderr has "SyntaxError"
console.log("never");
if (true { console.log("never"); }
