# SPDX-License-Identifier: Apache-2.0
# How our targets are built: warnings, sanitizers, linker, and the functions that declare them.
find_program(CCACHE_PROGRAM ccache)
if(CCACHE_PROGRAM)
  set(CMAKE_C_COMPILER_LAUNCHER ${CCACHE_PROGRAM})
  set(CMAKE_CXX_COMPILER_LAUNCHER ${CCACHE_PROGRAM})
endif()
find_program(MOLD_PROGRAM mold)
if(MOLD_PROGRAM AND NOT SITECAST_SANITIZE)
  add_link_options(-fuse-ld=mold)
endif()

add_library(sitecast_warnings INTERFACE)
target_compile_options(sitecast_warnings INTERFACE
  -Wall -Wextra -Wpedantic -Wshadow -Wconversion -Wold-style-cast -Wnon-virtual-dtor
  $<$<BOOL:${SITECAST_WERROR}>:-Werror>
  $<$<CXX_COMPILER_ID:Clang>:-Wthread-safety>)

if(SITECAST_SANITIZE)
  add_compile_options(-fsanitize=${SITECAST_SANITIZE} -fno-omit-frame-pointer)
  add_link_options(-fsanitize=${SITECAST_SANITIZE})
endif()

# sitecast_library(NAME SOURCES a.cpp … DEPS lib …): a stage. Includes are from the project's root.
function(sitecast_library name)
  cmake_parse_arguments(ARG "" "" "SOURCES;DEPS;PRIVATE_DEPS" ${ARGN})
  add_library(${name} STATIC ${ARG_SOURCES})
  target_include_directories(${name} PUBLIC ${PROJECT_SOURCE_DIR})
  target_link_libraries(${name} PUBLIC ${ARG_DEPS} PRIVATE sitecast_warnings ${ARG_PRIVATE_DEPS})
endfunction()

function(sitecast_executable name)
  cmake_parse_arguments(ARG "" "" "SOURCES;DEPS" ${ARGN})
  add_executable(${name} ${ARG_SOURCES})
  target_include_directories(${name} PRIVATE ${PROJECT_SOURCE_DIR})
  target_link_libraries(${name} PRIVATE ${ARG_DEPS} sitecast_warnings)
endfunction()

# Targets of two stages of scripts/test that build only what they run.
add_custom_target(sanitized_tests)
add_custom_target(fuzzers)

# sitecast_test(NAME SOURCES … DEPS … [LABELS …] [TIMEOUT s] [SANITIZE]): a GoogleTest binary registered
# as one ctest test of the same name, so that `ctest` starts each binary once. SANITIZE: scripts/test
# runs it under ASan and UBSan as well (decoders, durability, threads; not every test, for time's sake).
function(sitecast_test name)
  cmake_parse_arguments(ARG "SANITIZE" "TIMEOUT" "SOURCES;DEPS;LABELS" ${ARGN})
  sitecast_executable(${name} SOURCES ${ARG_SOURCES} DEPS ${ARG_DEPS} GTest::gtest_main GTest::gmock)
  target_compile_definitions(${name} PRIVATE
    SITECAST_SOURCE_DIR="${PROJECT_SOURCE_DIR}" SITECAST_TEST_DATA="${SITECAST_TEST_DATA}"
    SITECAST_BIN_DIR="${CMAKE_RUNTIME_OUTPUT_DIRECTORY}")
  if(NOT ARG_TIMEOUT)
    set(ARG_TIMEOUT 120)
  endif()
  if(NOT ARG_LABELS)
    set(ARG_LABELS unit)
  endif()
  if(ARG_SANITIZE)
    list(APPEND ARG_LABELS sanitize)
    add_dependencies(sanitized_tests ${name})
  endif()
  add_test(NAME ${name} COMMAND ${name})
  set_tests_properties(${name} PROPERTIES TIMEOUT ${ARG_TIMEOUT} LABELS "${ARG_LABELS}"
    ENVIRONMENT "ASAN_OPTIONS=fast_unwind_on_malloc=0;LSAN_OPTIONS=suppressions=${PROJECT_SOURCE_DIR}/tests/support/lsan.supp;TSAN_OPTIONS=suppressions=${PROJECT_SOURCE_DIR}/tests/support/tsan.supp;G_SLICE=always-malloc")
endfunction()

# sitecast_fuzzer(NAME SOURCES … DEPS …): a libFuzzer target, only with SITECAST_FUZZ. Its corpus is
# tests/fuzz/corpus/NAME. As a test (label fuzz) it replays the corpus and then searches on for
# SITECAST_FUZZ_SECONDS (environment; default 5).
function(sitecast_fuzzer name)
  if(NOT SITECAST_FUZZ)
    return()
  endif()
  cmake_parse_arguments(ARG "" "" "SOURCES;DEPS" ${ARGN})
  sitecast_executable(${name} SOURCES ${ARG_SOURCES} DEPS ${ARG_DEPS})
  target_compile_options(${name} PRIVATE -fsanitize=fuzzer)
  target_link_options(${name} PRIVATE -fsanitize=fuzzer)
  add_dependencies(fuzzers ${name})
  add_test(NAME fuzz.${name} COMMAND ${PROJECT_SOURCE_DIR}/tests/fuzz/run_fuzzer.sh
    $<TARGET_FILE:${name}> ${PROJECT_SOURCE_DIR}/tests/fuzz/corpus/${name})
  set_tests_properties(fuzz.${name} PROPERTIES LABELS fuzz)
endfunction()
