-- Users of an application, for `exeunt user import -`. The names of the columns are Exeunt's.
COPY (
    SELECT email AS username, email, password AS password_hash, first_name, last_name, NOT is_active AS disabled
    FROM users
    ORDER BY id
) TO STDOUT WITH (FORMAT csv, HEADER true);
