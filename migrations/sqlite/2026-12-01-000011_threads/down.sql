DROP TABLE chatoxide_thread_follower;
DROP TABLE chatoxide_thread;
DROP TABLE chatoxide_thread_reply;
