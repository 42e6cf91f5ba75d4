/** No system has larger process numbers (PID_MAX_LIMIT of Linux is 4,194,304). */
export const PID_LIMIT = 0x400000;
