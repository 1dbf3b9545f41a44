SELECT countIf(class = 'late') AS late, countIf(class = 'refused') AS malformed FROM store.letters
