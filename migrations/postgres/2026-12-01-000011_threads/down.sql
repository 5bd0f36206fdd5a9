DROP TABLE chatoxide.thread_follower;
DROP TABLE chatoxide.thread;
DROP TABLE chatoxide.thread_reply;
