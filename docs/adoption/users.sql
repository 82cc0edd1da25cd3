-- Users of an application, for `exeunt user import -`. The names of the columns are Exeunt's.
-- Django: CASE WHEN password NOT LIKE '!%' THEN password END AS password_hash.
-- Sessions that tell the number of their user: id AS account_number.
COPY (
    SELECT email AS username, email, password AS password_hash, first_name, last_name, NOT is_active AS disabled
    FROM users
    ORDER BY id
) TO STDOUT WITH (FORMAT csv, HEADER true);
