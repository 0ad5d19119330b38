// How long something took, on the wall and of the processor, and the table in which all figures end.
#pragma once
#include <cstdint>
#include <string>
#include <vector>

namespace dure::bench {

struct Taken {
  double wall_s = 0;
  double cpu_s = 0;  // of all threads that worked on it
  Taken& operator+=(const Taken& other);
};

class Stopwatch {
 public:
  Stopwatch();  // of the calling thread
  Taken taken() const;

 private:
  double wall_, cpu_;
};
// Of the whole process.
double process_cpu_s();

double median(std::vector<double> values);
std::string number(double value);  // "12,345"; "0.57" below ten

class Table {
 public:
  // wanted: as the issue says it; empty: only for the record. holds: -1 unknown, 0 no, 1 yes.
  void row(const std::string& what, const std::string& figure, const std::string& wanted = {}, int holds = -1,
           const std::string& note = {});
  void print() const;

 private:
  struct Row {
    std::string what, figure, wanted, verdict, note;
  };
  std::vector<Row> rows_;
};

}  // namespace dure::bench
