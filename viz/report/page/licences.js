/*
 * This page carries D3 5.16 (Copyright 2010-2022 Mike Bostock, BSD-3-Clause) and dagre 0.8.5 (Copyright 2012-2014
 * Chris Pettitt, MIT; with graphlib and lodash, MIT, Copyright OpenJS Foundation and other contributors).
 *
 * BSD-3-Clause: Redistribution and use in source and binary forms, with or without modification, are permitted
 * provided that the following conditions are met: 1. Redistributions of source code must retain the above copyright
 * notice, this list of conditions and the following disclaimer. 2. Redistributions in binary form must reproduce the
 * above copyright notice, this list of conditions and the following disclaimer in the documentation and/or other
 * materials provided with the distribution. 3. Neither the name of the author nor the names of contributors may be
 * used to endorse or promote products derived from this software without specific prior written permission.
 *
 * MIT: Permission is hereby granted, free of charge, to any person obtaining a copy of this software and associated
 * documentation files, to deal in the Software without restriction, including without limitation the rights to use,
 * copy, modify, merge, publish, distribute, sublicense, and/or sell copies of the Software, and to permit persons to
 * whom the Software is furnished to do so, subject to the following conditions: The above copyright notice and this
 * permission notice shall be included in all copies or substantial portions of the Software.
 *
 * Both are provided "as is", without warranty of any kind, express or implied, including but not limited to the
 * warranties of merchantability and fitness for a particular purpose. In no event shall the authors or copyright
 * holders be liable for any claim, damages or other liability, whether in an action of contract, tort or otherwise,
 * arising from, out of or in connection with the software or the use or other dealings in the software.
 */
