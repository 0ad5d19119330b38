// The seal of a page of a database file: a checksum in the 8 bytes at its end, which SQLite reserves for it (byte 20 of
// the file's head says so, and stays so for ever). It covers the page and its place in the file: a bit that the disk
// flipped, a torn page and one that was put elsewhere do not fit. What it cannot tell: an older page that was rightly
// sealed for this place (a write that the disk lost). Plain functions.
#pragma once
#include <cstdint>

namespace dure::store {

inline constexpr int kPageBytes = 4096, kSealBytes = 8;
// A file is sealed by either mark, so that no single bit turns one into a file of before seals: byte 20 of its head, or
// PRAGMA application_id.
inline constexpr std::uint32_t kSealedApplication = 0x44555245;  // "DURE"
inline constexpr int kHeadBytes = 100;

// Pages are counted from 1.
void seal(char* page, std::uint64_t number);
bool fits_seal(const char* page, std::uint64_t number);
// By the first kHeadBytes of a file: made before there were seals. What is no database is not.
bool is_of_before_seals(const char* head);
bool reserves_seal(const char* head);
// What tells this page from others at its place: its seal, or a checksum of a page that has none.
std::uint64_t print_of(const char* page, bool sealed);

}  // namespace dure::store
