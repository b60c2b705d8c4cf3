"""Reading the raw files: found in any of their forms, taken apart row by row, held to the contract.

Everything here works on Arrow batches, wherever it runs, so every engine reads the same rows.

files   which files there are, and the chunks in which they are read
rows    from the bytes of a chunk to rows of text, and to what can't be taken apart
values  from text to typed columns, and to what breaks the contract
"""
