/* The files of this folder are one script, in the order of CMakeLists.txt; names are shared among them only. */
(function () {
  'use strict';
