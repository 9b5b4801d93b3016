/* A stranger's program: compiled by scripts/check_install.sh against an installed azimuth. */
#include <stdio.h>
#include <string.h>

#include <azimuth/azimuth.h>

int main(void)
{
    struct az_bf16 one = az_bf16_from_f32(1.0f), two = az_bf16_from_f32(2.0f);
    struct az_hash hash = az_hash_bytes("azimuth", 7);
    struct az_error error;
    az_error_clear(&error);
    if (az_bf16_cells(one, two) != 128 || az_bf16_ulp(one) != 0x1p-7) return 1;
    if (strcmp(az_status_name(error.status), "ok") != 0) return 1;
    printf("from 1 to 2 there are %d cells; hash %016llx\n", (int)az_bf16_cells(one, two),
           (unsigned long long)hash.low);
    return 0;
}
