SELECT countIf(class = 'late') AS late, countIf(class = 'refused') AS malformed,
    (SELECT sum(number) FROM store.duplicates) AS duplicate
FROM store.letters
