-- Nothing: these tables belong to the original backend, and so does what they hold.
SELECT 1;
