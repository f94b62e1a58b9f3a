/* Owns: a writer whose pipe is in packet mode (O_DIRECT, pipe(2)): every read there brings one packet, and a short one loses the rest of it.
 *   Three of four packets are as large as they can be, the others of any size.
 * Never: ends with less than it was asked for. Usage: packets BYTES; the byte at n is n % 251. */
#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

int main(int argc, char **argv) {
    size_t left = argc > 1 ? (size_t)atol(argv[1]) : 0, at = 0;
    unsigned char packet[4096];
    if (fcntl(1, F_SETFL, O_DIRECT) < 0) return 2;
    for (size_t turn = 0, odd = 1; left > 0; turn++) {
        size_t size = turn % 4 < 3 ? sizeof packet : (odd = odd * 7 % 4093 + 1);
        if (size > left) size = left;
        for (size_t i = 0; i < size; i++) packet[i] = (unsigned char)((at + i) % 251);
        if (write(1, packet, size) != (ssize_t)size) return 1;
        at += size;
        left -= size;
    }
    return 0;
}
