# wants: error|ok|file_limit; within 2900 ms; stdout lacks "unpacked"
# A packed stream of zeroes, unpacked into one file.
head -c 40000000 /dev/zero | gzip -1 > bomb.gz
gunzip < bomb.gz > bomb && echo unpacked
